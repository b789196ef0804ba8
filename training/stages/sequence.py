"""Maximum mutual information: the labelled phone sequence against all others, as the decoder will weigh them.

Cross-entropy asks every frame for its label; the decoder asks for a sequence. This loss is minus the log posterior of
the labelled phone sequence among all that the decoder's own graph allows (phone HMMs joined by a phone bigram), summed
over every path, none pruned: lattice-free MMI (Povey et al., Interspeech 2016) on a graph small enough to be exact.
In the numerator each state may begin and end some frames from where the alignment has it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import torch

from training.networks.compiled import compiled

_NEVER = -1e30


@dataclass(frozen=True)
class PhoneGraph:
    """What the decoder may say, in the decoder's weights.

    Parameters
    ----------
    join_log : np.ndarray [shape=(phones, phones), dtype=float32]
        Weight of going from one phone (row) to the next.
    first_log : np.ndarray [shape=(phones,), dtype=float32]
        Weight of beginning with a phone.
    states_per_phone : int
    """

    join_log: np.ndarray
    first_log: np.ndarray
    states_per_phone: int


@dataclass(frozen=True)
class Chains:
    """The states that each utterance should pass through, and when, one utterance after the other.

    Parameters
    ----------
    state : np.ndarray [shape=(states in total,), dtype=int64]
    begin, end : np.ndarray [shape=(states in total,), dtype=int64]
        Frames of the utterance that the alignment gives the state; may be none.
    starts : np.ndarray [shape=(utterances + 1,), dtype=int64]
        First state of each utterance. An utterance without labels has none.
    """

    state: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    starts: np.ndarray


def chains_of(labels: np.ndarray, starts: np.ndarray, *, states_per_phone: int) -> Chains:
    """Read the chains off frame labels.

    Parameters
    ----------
    labels : np.ndarray [shape=(frames,), dtype=integer]
        State of each frame, negative throughout an utterance without labels. A phone begins where the label's phone
        changes or its state falls back.
    starts : np.ndarray [shape=(utterances + 1,), dtype=int64]
    states_per_phone : int

    Returns
    -------
    Chains
        All states of every phone, in equal shares of its frames, also where the labels skip one.

    Examples
    --------
    >>> chains = chains_of(np.array([0, 1, 2, 3, 5]), np.array([0, 5]), states_per_phone=3)
    >>> chains.state.tolist(), chains.begin.tolist(), chains.end.tolist()
    ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 3, 4], [1, 2, 3, 3, 4, 5])
    """
    state, begin, end, firsts = [], [], [], [0]
    parts = np.arange(states_per_phone)
    for first, last in pairwise(starts.tolist()):
        row = labels[first:last].astype(np.int64)
        phones = 0
        if len(row) and row.min() >= 0:
            phone, part = np.divmod(row, states_per_phone)
            cuts = np.flatnonzero((np.diff(phone) != 0) | (np.diff(part) < 0)) + 1
            entered = np.concatenate([[0], cuts])[:, None]
            frames = np.concatenate([cuts, [len(row)]])[:, None] - entered
            state.append((phone[entered] * states_per_phone + parts).ravel())
            begin.append((entered + frames * parts // states_per_phone).ravel())
            end.append((entered + frames * (parts + 1) // states_per_phone).ravel())
            phones = len(entered)
        firsts.append(firsts[-1] + phones * states_per_phone)
    none = [np.zeros(0, np.int64)]
    return Chains(
        np.concatenate(none + state),
        np.concatenate(none + begin),
        np.concatenate(none + end),
        np.array(firsts, dtype=np.int64),
    )


class MutualInformation(torch.autograd.Function):
    """``loss = MutualInformation.apply(scores, starts, chains, graph, delay, slack)``.

    Parameters
    ----------
    scores : torch.Tensor [shape=(frames, states), dtype=float32]
        Scaled log-likelihoods of the states, up to a constant for each frame.
    starts : torch.Tensor [shape=(utterances + 1,), dtype=int64]
    chains : Chains
    graph : PhoneGraph
    delay : int
        Frames by which the network lags: the first `delay` scores of an utterance are not looked at.
    slack : int
        Frames that a state may begin before or end after its alignment.

    Returns
    -------
    torch.Tensor [shape=(), dtype=float32]
        ``log(sum over all paths) - log(sum over the right ones)``, in nats a frame. Utterances without labels, or too
        short for theirs, count as zero.
    """

    @staticmethod
    def forward(
        ctx: Any,
        scores: torch.Tensor,
        starts: torch.Tensor,
        chains: Chains,
        graph: PhoneGraph,
        delay: int,
        slack: int,
    ) -> torch.Tensor:
        """Run both forward-backward passes; their difference is the gradient."""
        given = scores.detach().cpu().contiguous().numpy()
        where = starts.cpu().numpy()
        right, every = np.zeros_like(given), np.zeros_like(given)
        right_log, every_log = np.zeros(len(where) - 1), np.zeros(len(where) - 1)
        per_phone = graph.states_per_phone
        _right_paths(
            given, where, delay, chains.state, chains.begin, chains.end, chains.starts,
            graph.join_log.astype(np.float64), graph.first_log.astype(np.float64), per_phone, slack, right, right_log,
        )  # fmt: skip
        joins, first = (np.exp(table).astype(np.float32) for table in (graph.join_log, graph.first_log))
        counted = np.isfinite(right_log)
        _every_path(given, where, delay, joins, first, per_phone, counted, every, every_log)
        frames = max(1, len(given))
        ctx.grad = torch.from_numpy((every - right) / np.float32(frames)).to(scores.device)
        loss = (every_log[counted] - right_log[counted]).sum() / frames
        return torch.tensor(loss, dtype=torch.float32, device=scores.device)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Pass on what the forward found."""
        return ctx.grad * grads[0], None, None, None, None, None


@compiled("contract", "reassoc")
def _every_path(scores, starts, delay, joins, first, per_phone, counted, gamma, logs):  # type: ignore[no-untyped-def]
    """State posteriors over all paths of the graph: probabilities, rescaled every frame."""
    phones = joins.shape[0]
    states = phones * per_phone
    for which in numba.prange(len(starts) - 1):
        begin = starts[which] + delay
        frames = starts[which + 1] - begin
        if frames <= 0 or not counted[which]:
            continue
        alpha = np.zeros((frames, states), np.float32)
        emit = np.zeros((frames, states), np.float32)
        enter = np.zeros(phones, np.float32)
        total = 0.0
        for t in range(frames):
            row = scores[begin + t]
            top = row[0]
            for s in range(states):
                top = max(top, row[s])
            for s in range(states):
                emit[t, s] = math.exp(row[s] - top)
            if t == 0:
                for p in range(phones):
                    alpha[0, p * per_phone] = first[p] * emit[0, p * per_phone]
            else:
                for p in range(phones):
                    enter[p] = 0
                for q in range(phones):
                    left = alpha[t - 1, q * per_phone + per_phone - 1]
                    for p in range(phones):
                        enter[p] += left * joins[q, p]
                for p in range(phones):
                    b = p * per_phone
                    alpha[t, b] = (alpha[t - 1, b] + enter[p]) * emit[t, b]
                    for s in range(b + 1, b + per_phone):
                        alpha[t, s] = (alpha[t - 1, s] + alpha[t - 1, s - 1]) * emit[t, s]
            mass = np.float32(0)
            for s in range(states):
                mass += alpha[t, s]
            for s in range(states):
                alpha[t, s] /= mass
            total += math.log(mass) + top
        # As in the decoder, a path ends in a phone's last state, unless there are too few frames to reach one.
        beta = np.zeros(states, np.float32)
        for p in range(phones):
            beta[p * per_phone + per_phone - 1] = 1
        mass = np.float32(0)
        for s in range(states):
            mass += alpha[frames - 1, s] * beta[s]
        if mass <= 0:
            beta[:] = 1
            mass = np.float32(1)
        logs[which] = total + math.log(mass)
        out = np.zeros(phones, np.float32)
        later = np.zeros(states, np.float32)
        for t in range(frames - 1, -1, -1):
            mass = np.float32(0)
            for s in range(states):
                gamma[begin + t, s] = alpha[t, s] * beta[s]
                mass += gamma[begin + t, s]
            for s in range(states):
                gamma[begin + t, s] /= mass
            if t == 0:
                break
            top = np.float32(0)
            for s in range(states):
                later[s] = beta[s] * emit[t, s]
                top = max(top, later[s])
            for s in range(states):
                later[s] /= top
            for q in range(phones):
                value = np.float32(0)
                for p in range(phones):
                    value += joins[q, p] * later[p * per_phone]
                out[q] = value
            for p in range(phones):
                b = p * per_phone
                for s in range(b, b + per_phone - 1):
                    beta[s] = later[s] + later[s + 1]
                beta[b + per_phone - 1] = later[b + per_phone - 1] + out[p]


@numba.njit(inline="always")
def _log_add(a, b):  # type: ignore[no-untyped-def]
    if a < b:
        a, b = b, a
    return a + math.log1p(math.exp(b - a)) if b > 0.1 * _NEVER else a


@compiled()
def _right_paths(scores, starts, delay, state, begins, ends, chain_starts, joins, first, per_phone, slack, gamma, logs):  # type: ignore[no-untyped-def]
    """State posteriors over the paths through each utterance's chain, near its alignment; minus infinity if none."""
    for which in numba.prange(len(starts) - 1):
        begin = starts[which] + delay
        frames = starts[which + 1] - begin
        zero = chain_starts[which]
        length = chain_starts[which + 1] - zero
        logs[which] = -np.inf
        if frames <= 0 or length == 0:
            continue
        # The chain's states that frame t may be in: [low, high).
        low, high = np.zeros(frames, np.int64), np.zeros(frames, np.int64)
        a, b = 0, 0
        for t in range(frames):
            while a < length - 1 and ends[zero + a] + slack <= t:
                a += 1
            while b < length and begins[zero + b] - slack <= t:
                b += 1
            low[t], high[t] = a, b
        # The last frames lost to the delay: the chain must end all the same.
        high[frames - 1] = length
        alpha = np.full((frames, length), _NEVER)
        alpha[0, 0] = first[state[zero] // per_phone] + scores[begin, state[zero]]
        for t in range(1, frames):
            for i in range(low[t], high[t]):
                value = alpha[t - 1, i]
                if i > 0:
                    moved = alpha[t - 1, i - 1]
                    if state[zero + i] % per_phone == 0:
                        moved += joins[state[zero + i - 1] // per_phone, state[zero + i] // per_phone]
                    value = _log_add(value, moved)
                alpha[t, i] = value + scores[begin + t, state[zero + i]]
        total = alpha[frames - 1, length - 1]
        if total < 0.1 * _NEVER:
            continue
        logs[which] = total
        beta, before = np.full(length, _NEVER), np.full(length, _NEVER)
        beta[length - 1] = 0.0
        for t in range(frames - 1, -1, -1):
            for i in range(low[t], high[t]):
                gamma[begin + t, state[zero + i]] += math.exp(min(0.0, alpha[t, i] + beta[i] - total))
            if t == 0:
                break
            for i in range(low[t - 1], high[t - 1]):
                value = _NEVER
                if low[t] <= i < high[t]:
                    value = beta[i] + scores[begin + t, state[zero + i]]
                if low[t] <= i + 1 < high[t]:
                    moved = beta[i + 1] + scores[begin + t, state[zero + i + 1]]
                    if state[zero + i + 1] % per_phone == 0:
                        moved += joins[state[zero + i] // per_phone, state[zero + i + 1] // per_phone]
                    value = _log_add(value, moved)
                before[i] = value
            beta[:] = _NEVER
            for i in range(low[t - 1], high[t - 1]):
                beta[i] = before[i]
