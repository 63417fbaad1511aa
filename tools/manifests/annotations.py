"""The names under which Compass writes on its objects whose they are and what was planned: templates write
them, everything else reads them by these constants.
"""

from __future__ import annotations

CONVERSATION = "compass.dev/conversation"
"""A label: its conversation, as `values.conversation_label` shortens it."""
THREAD = "compass.dev/thread"
"""The conversation's own name."""
DIGEST = "compass.dev/digest"
MODEL = "compass.dev/model"
WEIGHTS = "compass.dev/weights"
PLAN = "compass.dev/plan"
"""For people who look with kubectl."""
PREDICTED = "compass.dev/predicted"
TARGETS = "compass.dev/targets"
EVERY = (CONVERSATION, THREAD, DIGEST, MODEL, WEIGHTS, PLAN, PREDICTED, TARGETS)
