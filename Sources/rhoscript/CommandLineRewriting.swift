/// Small changes to the arguments before they are parsed.
enum CommandLineRewriting {
    /// `FILE.lua --help` asks for the script's parameters, not for the command's flags: ArgumentParser would answer
    /// `--help` itself before the script is read, so the flag becomes `--script-help` when a script is named.
    static func rewrite(_ arguments: [String]) -> [String] {
        let own = arguments.prefix { $0 != "--" }
        guard own.contains(where: { $0.hasSuffix(".lua") && !$0.hasPrefix("-") }) else { return arguments }
        let others = [
            "test", "check", "why", "cache", "help", "docs", "version", "lock", "verify", "repeat", "sweep", "slurm",
        ]
        if let first = own.first, others.contains(first) {
            return arguments
        }
        return own.map { $0 == "--help" || $0 == "-h" ? "--script-help" : $0 } + arguments.dropFirst(own.count)
    }
}
