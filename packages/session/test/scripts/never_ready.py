import sys
import time

print("still loading", file=sys.stderr)
time.sleep(60)
