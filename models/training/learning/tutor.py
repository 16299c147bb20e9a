# SPDX-License-Identifier: Apache-2.0
"""A tutor: a wider network with more look-ahead that is trained at the same time and whose posteriors are the other network's targets
(Zhang et al., 2018, Deep mutual learning, arXiv 1706.00384; here in one direction)."""

import sys

import torch

from learning import losses, net as network

CONTEXT = 2             # additional steps of look-ahead in each block


def of(path):
    """The tutor's network from a checkpoint of train.py."""
    state = torch.load(path, map_location="cpu")
    if not state.get("tutor"):
        sys.exit(f"{path}: there is no tutor in this checkpoint; a teacher is one of train.py --tutor, or a model file")
    told = state["tutor"]["net"]
    blocks = state["shape"]["blocks"]
    net = network.far_sighted(network.Net(len(told["conv0.conv.weight"]), blocks, blocks), CONTEXT)
    net.load_state_dict(told)
    return net


class Tutor:
    """Begins as a widened copy of `net`, so that its posteriors are useful from the first step on, or as an earlier training's tutor.

    beginning: the width, or the path of a checkpoint. `net` is not changed."""

    def __init__(self, net, beginning, rate, seed):
        if beginning.isdigit():
            copy = network.Net(**net.shape)
            copy.load_state_dict(net.state_dict())
            self.net = network.far_sighted(network.widened(copy, int(beginning), net.shape["blocks"], seed), CONTEXT)
        else:
            self.net = of(beginning)
        self.net.to(net.input_gain.device)
        self.net.fused = net.fused if losses.device_of(net) != "cpu" else None
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)

    def learn(self, batch, rate, descend):
        """One step on CTC's loss of a Batch, noise included. Leaves the network in evaluation mode. Returns the loss, a tensor."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.net.train()
        loss, whole = losses.losses_of(self.net, batch)
        descend(self.net, self.optimiser, whole)
        self.net.eval()
        return loss.detach()

    def state(self):
        return dict(net=self.net.state_dict(), optimiser=self.optimiser.state_dict())

    def restore(self, state):
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
