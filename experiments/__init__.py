"""One script a table or figure, and the rsnn command, which is a thin front on the same functions."""
