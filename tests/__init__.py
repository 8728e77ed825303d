import os

# Small operations take ten times as long when their threads wait for a busy core. torch reads this variable when it is
# imported, which conftest.py does, so it is set here, before all other imports.
os.environ.setdefault("OMP_NUM_THREADS", "1")
