"""What operators do: each change checked, previewed, audited and applied as one.

Enter by ``ostiary.management.management.Management``; doors show its views.
"""
