"""One of the processes that train HRNetV2 with PyTorch's DistributedDataParallel over Gloo: the peer of `Hwaso.Bench processes`.

    RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29500 python3 processes.py '{"width": "w18-small-v1", ...}'

Weights, images and labels follow from the formula rule; benchmarks/processes.py starts both sides and compares. Every pixel is labelled, so that
the mean of the processes' losses is the mean over all pixels. Batch norms count over each process's part: SyncBatchNorm is for GPUs alone.
"""
import json
import math
import os
import sys
import time

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F

import formula
import hrnet
import measure


def run(request):
    rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    torch.set_num_threads(1)
    if size > 1:
        dist.init_process_group("gloo", rank=rank, world_size=size)
    dtype, layout = getattr(torch, request["type"]), measure.FORMATS[request["format"]]
    net = formula.fill(hrnet.build(request["width"], 19, False)).to(dtype).to(memory_format=layout).train()
    batch, (height, width) = request["batch"], request["size"]
    mine = slice(batch * rank // size, batch * (rank + 1) // size)
    images = formula.tensor("input", (batch, 3, height, width)).to(dtype)[mine].contiguous(memory_format=layout)
    labels = np.floor(formula.uniform("target", batch * height * width) * 19).astype(np.int64).reshape(batch, height, width)
    labels = torch.from_numpy(labels)[mine]
    model = torch.nn.parallel.DistributedDataParallel(net) if size > 1 else net
    sgd = torch.optim.SGD(net.parameters(), lr=request["rate"], momentum=0.9, weight_decay=0.0001)
    losses, times = [], []
    for _ in range(request["steps"]):
        began = time.perf_counter()
        sgd.zero_grad(set_to_none=True)
        loss = F.cross_entropy(hrnet.resize(model(images), labels.shape[1:], align_corners=False), labels)
        # What is shown is the mean of all; Hwaso, too, exchanges it in each step.
        mean = loss.detach().clone()
        if size > 1:
            dist.all_reduce(mean)
        losses.append(mean.item() / size)
        loss.backward()
        sgd.step()
        times.append(1000 * (time.perf_counter() - began))
    assert all(map(math.isfinite, losses)), losses
    if rank == 0:
        print(json.dumps({"losses": losses, "times_ms": times}), flush=True)


if __name__ == "__main__":
    run(json.loads(sys.argv[1]))
