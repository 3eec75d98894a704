import Glibc
import RhoCore

/// A directory for a measurement's files, removed with all it holds when this object goes.
final class WorkDirectory {
    let path: String

    /// - Parameter base: where to make it; nil for `$TMPDIR` or `/tmp`.
    init(in base: String? = nil) throws {
        let base = base ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        try Files.makeDirectory(base)
        var template = Array("\(base)/rhobench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw RhoError(.io, "cannot make a directory in \(base): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? Files.remove(tree: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}
