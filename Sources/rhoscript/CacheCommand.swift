import ArgumentParser
import RhoBindings

/// `rhoscript cache`: looks at and tidies the store of results.
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "List, shrink or check the stored results of verbs.",
        discussion: """
            The store is --cache DIR, else $RHO_CACHE, else $XDG_CACHE_HOME/rhoscript, else ~/.cache/rhoscript. It is safe \
            to delete: results are computed again when they are wanted.
            """,
        subcommands: [List.self, Collect.self, Verify.self], defaultSubcommand: List.self)

    struct Place: ParsableArguments {
        @Option(name: .long, help: ArgumentHelp("Directory of the store.", valueName: "dir"))
        var cache: String?

        func options() -> HostOptions {
            var options = HostOptions()
            options.cacheDirectory = cache
            return options
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List stored results, most recently used first.")
        @OptionGroup var place: Place
        @Flag(name: .long, help: "Print one JSON document.")
        var json = false

        func run() throws { Terminal.finish(Host.listCache(place.options(), json: json)) }
    }

    struct Collect: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "gc", abstract: "Remove the least recently used results until the rest fits.")
        @OptionGroup var place: Place
        @Option(name: .long, help: ArgumentHelp("Size that may stay, such as 20GB or 500MB.", valueName: "size"))
        var maxSize: String?

        func run() throws {
            var options = place.options()
            if let maxSize {
                guard let bytes = ByteCount.parse(maxSize) else {
                    throw ValidationError("--max-size must be a size such as 20GB or 500MB, got '\(maxSize)'")
                }
                options.cacheCapacity = bytes
            }
            Terminal.finish(Host.collectCache(options))
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Read every stored result again and remove damaged ones; exit 4 if there were any.")
        @OptionGroup var place: Place
        @Flag(name: .long, help: "Only report damaged results.")
        var keep = false

        func run() throws { Terminal.finish(Host.verifyCache(place.options(), keep: keep)) }
    }
}
