"""GitHub over its REST API: a verdict's status, whether it is required, who approved, and the comment.

Nothing here decides: it says what was decided, and reads who may accept what. Needs urllib3: the extra `github`.
"""
