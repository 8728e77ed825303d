"""The suggested cut, tested: is it stable when examples are left out, and does it find planted sources?

stability.py   partitions of the atlas's neurons, with a tenth of their examples left out
evaluate.py    the part `cut`: tables of both, for the rule in use and others
"""
