"""From YAML text to a tree that knows its places: variables, anchors, mistakes, words for people.

Nothing here knows what the settings mean.
"""
