"""Live model: answers requests of pages about a text (ne_core/live/requests.py), and the command `read`.

text.py         a text -> tokens as in the corpus, and the positions at which neurons are read
reader.py       an atlas opened with its model, the input of every answer
reading.py      ReadText: neurons that fire, and their features; predictions.py: next tokens
why.py          WhyHere and WhatMatters
removal.py      TakeOut; edits.py: the part of x that is removed, running.py: the model with changed activations
answering.py    a request -> its answer, or a refusal in one line
worker.py       the process that answers the pages: `python -m precompute.live`
read.py         the command `read`; windows.py reads many texts, densities.py counts how often features fire
"""
