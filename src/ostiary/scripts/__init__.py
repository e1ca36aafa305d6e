"""JavaScript of the operator's: what is asked, what comes back, and the engine that runs it.

Nothing here touches a process or a clock. QuickJS (the package quickjs-ng) bounds time and memory
itself; who runs it, and ends it where that isn't enough, is ``sandbox``. Only this room imports it.
"""
