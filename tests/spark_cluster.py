"""A cluster of Spark on this machine: a Connect server whose two executors are processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

START_SECONDS = 300


class Cluster:
    """A Connect server with two executors, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        import pyspark

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        home = Path(pyspark.__file__).parent
        settings = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": self.port,
            "spark.driver.memory": "1g",
            "spark.executor.memory": "1g",
            "spark.sql.shuffle.partitions": 4,
            "spark.ui.enabled": "false",
            "spark.local.dir": folder / "local",
        }
        self.log = folder / "spark.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    home / "bin" / "spark-submit",
                    *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer"),
                    *("--master", "local-cluster[2,1,1024]"),
                    *(part for name, value in settings.items() for part in ("--conf", f"{name}={value}")),
                    "spark-internal",
                ],
                cwd=folder,
                env={**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it answers, with both executors."""
        until = time.monotonic() + START_SECONDS
        while "Spark Connect server started" not in self.told() or len(self.executors()) < 2:
            assert self.process.poll() is None, self.told()[-3000:]
            assert time.monotonic() < until, self.told()[-3000:]
            time.sleep(0.5)

    def told(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def executors(self) -> list[int]:
        """Return the processes of the executors of this cluster and of no other."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_bytes()
                    mine = os.getsid(int(entry.name)) == self.process.pid
                except OSError:
                    continue
                if mine and b"CoarseGrainedExecutorBackend" in command and b"--executor-id" in command:
                    found.append(int(entry.name))
        return found

    def address(self, folder: Path) -> str:
        return f"sparkconnect://127.0.0.1:{self.port}?lake={folder}"

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
