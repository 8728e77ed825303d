"""Tiny random models of many families and forms, each built into an atlas that is compared with plain hooks.

    .venv/bin/python -m tests.families            every case, a line each
    .venv/bin/python -m tests.families gpt2 bert  some of them

every.py      all cases by name; a new file of cases is added to its FILES
case.py       a case: what it writes, how its atlas is checked, the words of its refusal; and running one
plain.py      the unbridged Hugging Face model with torch hooks, one full forward for each masked token
compare.py    an atlas against it: kept examples, activations, importances, contributions, logit effects
models.py     random weights, tokenizers and texts
decoders.py, encoders.py, forms.py, dictionaries.py, refusals.py    the cases, each file a list `CASES`
"""
