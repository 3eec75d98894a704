import ArgumentParser
import Glibc
import RhoBindings

/// The command line: parses flags, hands everything else to the Lua layer, turns outcomes into exit codes.
@main
struct Rhoscript: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rhoscript",
        abstract: "Run selective language modelling experiments written in Lua.",
        usage: """
            rhoscript [run] FILE.lua [--set key=value ...] [options]
            rhoscript FILE.lua --help
            rhoscript FILE.lua --sweep 'key={a, b}' [--seeds N] [-j N] [-n] | sweep [DIR] | slurm FILE.lua
            rhoscript check FILE.lua ... | repl
            rhoscript status|watch [DIR] | compare|plot|report RUN ... | tokens RUN [ARM]
            rhoscript repeat RUN | lock FILE.lua|RUN | verify [PATH ...]
            rhoscript init DIR | stubs [DIR] | completions bash|zsh|fish
            rhoscript loss|generate|serve MODEL
            rhoscript why FILE.lua|RUN [ARM] | cache ls|gc|verify
            rhoscript test [PATH ...] | help [NAME] | docs [--check] | version
            """,
        discussion: """
            Exit codes: 0 done, 1 Lua error or failed run, 2 wrong usage or parameter, 3 some cells of a sweep \
            failed, 4 a repetition or verification gave something else, 75 stopped early by SIGTERM or \
            SIGUSR1 and resumable, 130 interrupted by Ctrl-C, 143 terminated before a checkpoint.

            Results go to stdout; progress and logs go to stderr.
            """,
        version: Host.versionLine,
        subcommands: [
            RunCommand.self, CheckCommand.self, SweepCommand.self, SlurmCommand.self, ReplCommand.self,
            StatusCommand.self, CompareCommand.self, PlotCommand.self, ReportCommand.self, WatchCommand.self,
            TokensCommand.self, RepeatCommand.self, LockCommand.self, VerifyCommand.self, LossCommand.self,
            GenerateCommand.self, ServeCommand.self, InitCommand.self, StubsCommand.self, CompletionsCommand.self,
            WhyCommand.self, CacheCommand.self, TestCommand.self, HelpCommand.self, DocsCommand.self,
            VersionCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static func main() {
        // A limit on the size of files is an error of the write that meets it, as a full disk is.
        signal(SIGXFSZ, SIG_IGN)
        let arguments = CommandLineRewriting.rewrite(Array(CommandLine.arguments.dropFirst()))
        do {
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch let failure as CommandFailure {
            Terminal.writeError(failure.message + "\n")
            Terminal.exit(failure.code.rawValue)
        } catch {
            let message = fullMessage(for: error)
            if exitCode(for: error).isSuccess {
                Terminal.writeOut(message + "\n")
                Terminal.exit(ProgramExit.done.rawValue)
            }
            // ArgumentParser follows sysexits.h and ends with 64; shells and Makefiles expect 2 for wrong usage.
            Terminal.writeError("rhoscript: \(self.message(for: error))\nSee 'rhoscript --help'.\n")
            Terminal.exit(ProgramExit.usage.rawValue)
        }
    }
}

/// `rhoscript version`: the same line as `--version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of the program, its Lua and its processor target.")

    func run() throws {
        Terminal.writeOut(Host.versionLine + "\n")
    }
}
