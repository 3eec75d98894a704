import Glibc
import Synchronization

/// The part of the file system that this process may touch while a stranger's script runs.
///
/// ``Files`` and everything built on it asks here before it touches a path; without an installed access, all is allowed.
/// Paths are compared with links resolved, so neither `..` nor a link leads out.
public struct FileAccess: Sendable {
    public enum Use: String, Sendable { case read, write }

    package let readable: [String]
    package let writable: [String]

    /// - Parameters:
    ///   - reading: files and directories that may be read, with all below them.
    ///   - writing: directories that may be written and read.
    /// - Throws: `.io` for a path that is not there.
    public init(reading: [String], writing: [String]) throws(RhoError) {
        var real: [[String]] = [[], []]
        for (index, paths) in [reading, writing].enumerated() {
            for path in paths {
                guard let resolved = Self.real(path) else { throw Files.failure("open", path) }
                real[index].append(resolved)
            }
        }
        (readable, writable) = (real[0] + real[1], real[1])
    }

    private static let installed = Mutex<FileAccess?>(nil)

    /// Holds for the whole process from now on; nil lifts it.
    public static func install(_ access: FileAccess?) { installed.withLock { $0 = access } }

    /// - Throws: `.io` where the access in force leaves `path` out.
    public static func check(_ path: String, _ use: Use) throws(RhoError) {
        guard let access = installed.withLock({ $0 }), !access.allows(path, use) else { return }
        let places = use == .read ? access.readable : access.writable
        throw RhoError(
            .io, "the sandbox does not let a script \(use.rawValue) \(path)",
            hint: "it may \(use.rawValue) below \(places.joined(separator: ", "))")
    }

    static func allows(_ path: String, _ use: Use) -> Bool {
        installed.withLock { $0 }?.allows(path, use) ?? true
    }

    package func allows(_ path: String, _ use: Use) -> Bool {
        guard let resolved = Self.resolve(path) else { return false }
        return (use == .read ? readable : writable).contains { root in
            resolved == root || resolved.hasPrefix(root == "/" ? "/" : root + "/")
        }
    }

    /// The real path of what is there, and of the nearest directory above what is not there yet; nil for names that
    /// cannot be followed to the end.
    package static func resolve(_ path: String) -> String? {
        guard !path.isEmpty, !path.utf8.contains(0) else { return nil }
        var (head, rest): (String, [String]) = (path, [])
        while true {
            if let real = real(head) {
                return ([real == "/" ? "" : real] + rest.reversed()).joined(separator: "/")
            }
            var status = stat()
            let name = Files.name(of: head)
            // A link that leads nowhere yet would be followed by whoever makes a file of that name.
            if lstat(head, &status) == 0 || name == ".." || name == "." || head == "/" { return nil }
            rest.append(name)
            head = Files.parent(of: head)
        }
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
