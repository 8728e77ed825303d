"""Requests to a live model and its answers, both without the model.

requests.py   what can be asked: read a text, why a neuron fired, what it lost, what follows without a meaning
answers.py    what is answered to each
messages.py   requests and answers as bytes between two processes

The model runs in a process of its own (precompute/live); pages/components/serving/live_model.py is how pages ask it.
"""
