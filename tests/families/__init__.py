"""Tiny random models of many families and variants, each built into an atlas that is compared with plain hooks.

    .venv/bin/python -m tests.families            all cases, one line each
    .venv/bin/python -m tests.families gpt2 bert  selected cases

registry.py   all cases by name; a new file of cases is added to its FILES
case.py       a case (its files, its check, its refusal message) and running one
plain.py      the unbridged Hugging Face model with torch hooks, one full forward for each masked token
compare.py    compare an atlas with it: activating examples, activations, importances, contributions, logit effects
models.py     random weights, tokenizers and texts
decoders.py, encoders.py, variants.py, dictionaries.py, refusals.py    the cases, each file a list `CASES`
"""
