"""A model that answers while somebody waits: what neurons a text excites, why, and what follows without them.

text.py         a text as the corpus was read: tokens, special ones around it, positions that count
reader.py       an atlas with its model: what every answer starts from
reading.py      ReadText: who fires, as which meaning; predictions.py: what the model expects next
why.py          WhyHere and WhatMatters
removal.py      TakeOut; edits.py: what is taken out of x, running.py: the model run on with it
answering.py    a request -> its answer; what goes wrong is one line
worker.py       the process that pages ask: `python -m precompute.live`
read.py         the verb `read`; windows.py reads many texts, densities.py counts how often features fire
"""
