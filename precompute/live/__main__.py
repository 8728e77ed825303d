"""`python -m precompute.live`: the process that pages/components/serving/live_process.py starts."""

from precompute.live.worker import main

if __name__ == "__main__":
    main()
