"""Installing on a machine of a shop. Everything here but `first` and `cli` needs Python's own library and nothing else:
`python3 -m deploy.install` runs on a machine that has nothing of ours yet.
"""
