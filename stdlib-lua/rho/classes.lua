--- The classes that are written in Lua, for manual, help and editors.

local rho = require "rho.native"

local ROWS = "list<table>"
local CELLS = "list<list<string>>"

rho.declare_class {
  name = "rho.Run", doc = "A finished training.",
  properties = {
    { "name", "string", doc = "name of its arm" },
    { "model", "Model", doc = "the trained model" },
    { "tokenizer", "Tokenizer", doc = "the tokenizer" },
    { "policy", "Policy", doc = "what selected its tokens" },
    { "context", "integer", doc = "tokens in a row" },
    { "seed", "integer", doc = "its seed" },
    { "steps", "integer", doc = "optimiser steps" },
    { "tokens", "integer", doc = "tokens seen" },
    { "selected", "integer", doc = "tokens that carried loss" },
    { "history", ROWS, doc = "{ step =, tokens =, [\"eval/NAME/loss\"] =, [\"eval/NAME/bpb\"] = } at every evaluation, nats per token" },
    { "final", "table", doc = "the last of history" },
    { "labels", "table", doc = "{ useful = { kept =, valid = }, ... }, where the text is labelled" },
    { "watched", ROWS, doc = "{ step =, tokens =, value = }: what watch returned" },
    { "precision", "number", doc = "share of useful tokens among the kept ones; nil without labels" },
    { "recall", "number", doc = "share of kept tokens among the useful ones; nil without labels" },
    { "compute", "table", doc = "{ training =, reference =, scoring = }, floating-point operations" },
    { "arm", "Arm", doc = "its folder" },
  },
}

rho.declare_class {
  name = "rho.Comparison", doc = "Arms side by side; prints as a table.",
  properties = {
    { "header", "list<string>", doc = "names of the columns" },
    { "cells", CELLS, doc = "the table as text" },
    { "rows", ROWS, doc = "the figures by name, one table for each arm" },
    { "notes", "list<string>", doc = "lines under the table" },
    { "plots", "list<string>", doc = "paths of the pictures" },
    { "report", "string", doc = "path of the HTML page" },
  },
}

rho.declare_class {
  name = "rho.Ablation", doc = "Policies against their controls over paired seeds; prints as two tables.",
  properties = {
    { "header", "list<string>", doc = "names of the columns" },
    { "cells", CELLS, doc = "the table as text" },
    { "budget_header", "list<string>", doc = "names of the columns of the table of budgets" },
    { "budget_cells", CELLS, doc = "the table of budgets as text" },
    { "rows", ROWS, doc = "the figures by name, one table for each arm: { mean =, std =, low =, high = }" },
    { "metric", "string", doc = "the tag that is compared" },
    { "seeds", "list<integer>", doc = "the seeds" },
    { "notes", "list<string>", doc = "lines under the tables" },
    { "plots", "list<string>", doc = "paths of the pictures" },
    { "report", "string", doc = "path of the HTML page" },
  },
}

rho.declare_class {
  name = "rho.Suite", doc = "Benchmarks side by side; prints as a table.",
  properties = {
    { "rows", ROWS, doc = "one table for each task" },
    { "mean", "number", doc = "unweighted mean of the accuracies" },
    { "stderr", "number", doc = "its standard error" },
  },
}

rho.declare_class {
  name = "rho.Experiment", doc = "What an experiment file returns.",
  properties = {
    { "name", "string", doc = "its name" },
    { "doc", "string", doc = "one sentence" },
    { "params", "table", doc = "parameters with their defaults" },
    { "run", "function", doc = "run(p): does the work" },
    { "sweep", "rho.Sweep", doc = "the cells it is run for; nil for one run" },
  },
  methods = {
    {
      name = "with", doc = "The same experiment with other defaults; groups of values are merged.",
      parameters = { { "changes", "table", required = true, doc = "values by name" } }, returns = { { "rho.Experiment", "the variant" } },
    },
    {
      name = "over", doc = "The same experiment over the cells of a sweep, for a file that sweeps what another file declares.",
      parameters = { { "sweep", "rho.Sweep", required = true, doc = "the cells" } }, returns = { { "rho.Experiment", "the experiment with its sweep" } },
    },
  },
}

rho.declare_class {
  name = "rho.Sweep", doc = "The cells an experiment is run for; a * b is every combination, a + b one after the other.",
  methods = {
    {
      name = "filter", doc = "The cells for which keeps(p) is true; p holds every parameter of the experiment.",
      parameters = { { "keeps", "function", required = true, doc = "keeps(p): whether to run the cell" } }, returns = { { "rho.Sweep", "the rest" } },
    },
    {
      name = "seeds", doc = "Each cell with several seeds.",
      parameters = {
        { "count", "integer", required = true, doc = "number of seeds" },
        { "first", "integer", doc = "the first seed (default 1); the others follow" },
      }, returns = { { "rho.Sweep", "the cells" } },
    },
  },
}

rho.declare_class { name = "rho.Distribution", doc = "What rho.sweep.random draws from." }

rho.declare_class {
  name = "rho.Config", doc = "Plain data that knows its keys.",
  properties = { { "[string]", "any", doc = "the values" } },
  methods = {
    {
      name = "with", doc = "A deep copy with some values changed: groups are merged, lists replaced, unknown keys are errors.",
      parameters = { { "changes", "table", required = true, doc = "values by name" } }, returns = { { "rho.Config", "the copy" } },
    },
  },
}

return {}
