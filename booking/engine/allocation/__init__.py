"""The equity round's engine: compile, split, solve, finish, verify, explain.

Import from the modules: `problem` (the round as data), `run` (allocate it), `certificate`
and `verification` (check a result without the solver), `replay` (check a bundle). This
package imports nothing, so that reading a problem never loads the solver.
"""
