import Glibc
import RhoBindings

/// Checks that need no Lua, so a wrong file name answers at once.
enum Preflight {
    /// Throws a usage failure unless `path` names a readable file.
    static func requireScript(_ path: String, commands: [String]) throws {
        var status = stat()
        if stat(path, &status) != 0 {
            let reason = String(cString: strerror(errno))
            var message = "rhoscript: cannot open '\(path)': \(reason)"
            if !path.hasSuffix(".lua") {
                message += Host.suggestion(for: path, in: commands)
            }
            throw CommandFailure(code: .usage, message: message)
        }
        if (status.st_mode & S_IFMT) == S_IFDIR {
            throw CommandFailure(code: .usage, message: "rhoscript: '\(path)' is a directory, expected a Lua file")
        }
    }
}
