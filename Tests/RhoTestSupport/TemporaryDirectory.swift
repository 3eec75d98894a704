import Glibc
import RhoCore

/// A fresh directory that is removed with all it holds when this object goes.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/rho-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw RhoError(.io, "cannot make a directory in \(base): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? Files.remove(tree: path) }

    /// The path of `name` inside the directory.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes `text` to `name` inside the directory and returns its path.
    public func write(_ name: String, _ text: String) throws -> String {
        try write(name, Array(text.utf8))
    }

    public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = file(name)
        try Files.makeDirectory(Files.parent(of: path))
        // Unlike the writers under test this does not wait for the disk, so that tests may write many files.
        guard let file = fopen(path, "w") else {
            throw RhoError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw RhoError(.io, "cannot write \(path)") }
        return path
    }
}
