"""A door in a process of its own, to be killed: `python door_process.py DATABASE [ack-first]` prints its port.

With `ack-first` it answers before the inbox has anything: the fault that it is there to show.
"""

import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flask import Flask

from leadscore.cli.clock import now
from leadscore.jobs.inbox import StoreInbox
from tests.serve.service import PORTAL, PUBLIC, SECRET
from tests.webhooks.door import serving
from webhooks.blueprint import PATH, DoorSettings, hubspot_door
from webhooks.delivery import Receipt
from webhooks.hubspot import Portal


class Hasty(StoreInbox):
    """Says that it has kept what it is still about to keep."""

    def put(self, receipt: Receipt) -> int:
        threading.Thread(target=super().put, args=(receipt,), daemon=True).start()
        return len(receipt.deliveries)


def main(database: str, *faults: str) -> None:
    inbox = (Hasty if "ack-first" in faults else StoreInbox)(database, least_free=0)
    app = Flask("door")
    app.register_blueprint(hubspot_door(DoorSettings(f"{PUBLIC}{PATH}", Portal(str(PORTAL)), (SECRET,)), inbox, now))
    with serving(app) as port:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
