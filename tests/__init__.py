import os

# Operations this small take ten times as long when their threads wait for a busy core. torch reads this when it is
# loaded, which what conftest.py imports does: so it stands here, before all of them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
