# SPDX-License-Identifier: Apache-2.0
"""A network that is trained beside another one, wider and with more of what comes after in sight, and whose posteriors are that one's
targets: distillation from a teacher who learns at the same time (Zhang et al., 2018, Deep mutual learning, arXiv 1706.00384; here one way)."""

import sys

import torch

from learning import losses, net as network

CONTEXT = 2             # steps more in each block


def of(path):
    """The network of the tutor in a checkpoint of train.py."""
    state = torch.load(path, map_location="cpu")
    if not state.get("tutor"):
        sys.exit(f"{path}: there is no tutor in this checkpoint; a teacher is one of train.py --tutor, or a model file")
    told = state["tutor"]["net"]
    blocks = state["shape"]["blocks"]
    net = network.far_sighted(network.Net(len(told["conv0.conv.weight"]), blocks, blocks), CONTEXT)
    net.load_state_dict(told)
    return net


class Tutor:
    """Begins as `net` made wide, so that it is worth hearing from its first step on, or as the tutor that an earlier training left.

    beginning: the width, or the path of a checkpoint. `net` is left as it is."""

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
        """A step down CTC of a Batch with its noise. Leaves the network ready to tell. Returns the loss, a tensor."""
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
