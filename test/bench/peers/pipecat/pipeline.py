"""Pass-through processors in a pipecat pipeline: source, two in place of detector and recogniser, sink. No detector runs in it.

Answers questions on standard input, one JSON object a line, as the other measuring programs do.
"""

import asyncio
import json
import resource
import sys

from loguru import logger

logger.remove()

from pipecat.clocks.system_clock import SystemClock  # noqa: E402
from pipecat.frames.frames import InputAudioRawFrame, StartFrame  # noqa: E402
from pipecat.pipeline.pipeline import Pipeline  # noqa: E402
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor, FrameProcessorSetup  # noqa: E402
from pipecat.utils.asyncio.task_manager import TaskManager  # noqa: E402

# With the sink as many as the product has: what takes the input in, detector, recogniser.
NODES = 3
BYTES = 640


class Pass(FrameProcessor):
    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


class Sink(FrameProcessor):
    def __init__(self, wanted):
        super().__init__()
        self.wanted = wanted
        self.arrived = 0
        self.all = asyncio.Event()

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            self.arrived += 1
            if self.arrived == self.wanted:
                self.all.set()


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(frames):
    sink = Sink(frames)
    pipeline = Pipeline([*(Pass() for _ in range(NODES)), sink])
    tasks = TaskManager()
    await pipeline.setup(FrameProcessorSetup(clock=SystemClock(), task_manager=tasks, pipeline_worker=None))
    await pipeline.queue_frame(StartFrame())
    await asyncio.sleep(0.05)
    before = cpu()
    for i in range(frames):
        await pipeline.queue_frame(InputAudioRawFrame(audio=bytes(BYTES), sample_rate=16000, num_channels=1))
        if i % 50 == 0:
            await asyncio.sleep(0)
    await sink.all.wait()
    used = cpu() - before
    await pipeline.cleanup()
    return used * 1e9 / frames


for line in sys.stdin:
    try:
        print(json.dumps({"answer": asyncio.run(measure(json.loads(line)["frames"]))}), flush=True)
    except Exception as error:  # noqa: BLE001
        print(json.dumps({"error": repr(error)}), flush=True)
