"""Small bugs with gold patches and hidden tests, written for this project: data that needs no network."""

from repair_corpus.corpus import JAVA_IMAGE, PYTHON_IMAGE, AnswerKind, CorpusTask, corpus_rows, corpus_tasks

__all__ = ["JAVA_IMAGE", "PYTHON_IMAGE", "AnswerKind", "CorpusTask", "corpus_rows", "corpus_tasks"]
