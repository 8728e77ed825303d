"""Requests to a live model and its answers, both without the model.

requests.py   read a text, split a pre-activation into parts, compute token importance, remove meanings
answers.py    the answer to each request
messages.py   requests and answers as bytes between two processes

The model runs in a separate process (precompute/live). Pages send requests by pages/components/serving/live_model.py.
"""
