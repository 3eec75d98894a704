/// The files of a new experiment repository.
enum InitTemplates {
    static let example = #"""
        -- Hypothesis: on text that is half web noise, training on the 60 % of tokens with the highest excess loss is better
        -- on clean held-out text than training on all of them, and a random 60 % is not.
        local rho = require "rho"

        return rho.experiment {
          name = "example",
          doc = "Selective language modelling against full and random training, small enough for a minute or two.",
          params = {
            seed = { 1, doc = "weights, batch order and random selection" },
            keep = { 0.6, doc = "share of tokens that carry loss" },
            tokens = { 100e3, doc = "tokens each model sees" },
            lr = { 3e-3, doc = "peak learning rate" },
          },
          run = function(p)
            -- Text: clean problems for the reference, the same kind with web noise to learn from, others to measure on.
            -- Your own: rho.data.jsonl { "corpus.jsonl" } or rho.data.text { "folder" }.
            local clean = rho.data.generate { kind = "clean", seed = 11, documents = 6000 }
            local web = rho.data.generate { kind = "noisy", seed = 12, documents = 4000 }
            local held = rho.data.generate { kind = "clean", seed = 13, documents = 200 }

            local tokenizer = rho.tokenizer.train_bpe { data = { clean, web }, vocab_size = 512, bytes = 1e6 }
            local model = rho.model.llama { tokenizer = tokenizer, dim = 64, layers = 2, heads = 4, context = 128 }

            local function train(name, data, select)
              return rho.train {
                name = name, model = model, data = data, tokens = p.tokens, seed = p.seed, lr = p.lr, batch = 16,
                select = select, eval = { clean = held },
              }
            end

            -- 1. a reference model on clean text; 2. its loss of every token of the noisy text; 3. selective training
            local reference = train("reference", clean)
            local scores = rho.score { reference = reference, data = web }
            local clm = train("clm", web)
            local slm = train("slm", web, rho.select.excess_loss { scores = scores, keep = p.keep })
            local random = train("random", web, rho.select.random { keep = p.keep })

            return rho.compare {
              clm = clm, slm = slm, random = random, baseline = "clm", reference = reference, keep = p.keep,
              title = "Example: clean held-out loss",
              texts = { "The farm has 5 hens <Apr12 1:24> and 2 pigs. ##davidjl123 says How many in total? 5+2=7.\n" },
            }
          end,
        }

        """#

    static let spec = #"""
        -- Run with: rhoscript test
        local experiment = dofile("experiments/example.lua")

        describe("the example", function()
          it("keeps a share of the tokens", function()
            expect.truthy(experiment.params.keep[1] > 0 and experiment.params.keep[1] <= 1)
          end)

          it("can be given other parameters", function()
            expect.equal(experiment:with({ tokens = 8000 }).params.tokens[1], 8000)
          end)
        end)

        """#

    static let luaServer = #"""
        {
          "$schema": "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
          "runtime.version": "Lua 5.4",
          "workspace.library": ["types"],
          "workspace.checkThirdParty": false,
          "diagnostics.globals": ["describe", "it", "before_each", "expect"],
          "completion.callSnippet": "Replace"
        }

        """#

    static let luacheck = #"""
        std = "lua54"
        max_line_length = 130
        exclude_files = { "types", "runs" }
        files["tests"] = { read_globals = { "describe", "it", "before_each", "expect" } }

        """#

    static let stylua = #"""
        syntax = "Lua54"
        column_width = 130
        indent_type = "Spaces"
        indent_width = 2
        call_parentheses = "NoSingleTable"

        """#

    static let ignored = """
        # Runs are made again from what is in git; small results belong into results/.
        runs/

        """

    static func workflow(version: String) -> String {
        #"""
        # Runs the specs and a short form of the example at every push.
        #
        # rhoscript is built from source: set the repository variable RHOSCRIPT_GIT to the URL it is cloned from, and
        # RHOSCRIPT_REF to the tag or branch (this repository was made with version \#(version)).
        name: experiments
        on: [push, pull_request]
        jobs:
          run:
            runs-on: ubuntu-latest
            container: swift:6.1-bookworm
            steps:
              - uses: actions/checkout@v4
              - name: Install libraries
                run: |
                  apt-get update
                  apt-get install -y --no-install-recommends git pkg-config liblua5.4-dev libopenblas-dev libpcre2-dev \
                    zlib1g-dev libedit-dev libssl-dev gnuplot-nox
              - name: Build rhoscript
                env:
                  RHOSCRIPT_GIT: ${{ vars.RHOSCRIPT_GIT }}
                  RHOSCRIPT_REF: ${{ vars.RHOSCRIPT_REF || 'main' }}
                run: |
                  git clone --depth 1 --branch "$RHOSCRIPT_REF" "$RHOSCRIPT_GIT" /opt/rhoscript
                  cd /opt/rhoscript
                  swift build -c release --product rhoscript
                  ln -s "$PWD/.build/release/rhoscript" /usr/local/bin/rhoscript
              - name: Specs
                run: rhoscript test --junit results/junit.xml
              - name: Check every experiment
                run: rhoscript check experiments/*.lua
              - name: Example
                run: |
                  rhoscript experiments/example.lua tokens=16e3 --progress plain
                  rhoscript compare runs --format md >> "$GITHUB_STEP_SUMMARY"
              - uses: actions/upload-artifact@v4
                with:
                  name: report
                  path: |
                    runs/**/report.html
                    results/junit.xml

        """#
    }

    static func readme(_ name: String) -> String {
        """
        # \(name)

        Experiments in selective language modelling, run by rhoscript.

        ```sh
        rhoscript check experiments/example.lua         # options, memory and time, without training
        rhoscript experiments/example.lua               # a minute or two; ends with a table, a plot and a report
        rhoscript experiments/example.lua --help        # its parameters
        rhoscript experiments/example.lua keep=0.4      # another value
        rhoscript status                                # every run and how it stands
        rhoscript compare runs                          # all of them side by side
        rhoscript tokens runs/example/RUN slm           # what the model makes of a text, token by token
        rhoscript test                                  # the specs in tests/
        ```

        | Path | What |
        | --- | --- |
        | `experiments/` | one file per question, in git |
        | `tests/` | specs of what experiments share |
        | `.luacheckrc`, `stylua.toml` | settings of luacheck and StyLua |
        | `types/rho.d.lua` | the Lua interface for editors; made again with `rhoscript stubs .` |
        | `runs/` | what runs write; not in git |

        Editors with lua-language-server complete and check every option (`.luarc.json` points to `types/`).

        """
    }
}
