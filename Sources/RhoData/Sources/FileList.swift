import Glibc
import RhoCore

/// Lists of input files: given paths with directories opened up.
enum FileList {
    /// The given files, with each directory replaced by those of its files that end in one of `suffixes`, in name order.
    /// - Throws: `.io` for a path that cannot be read, `.value` for a directory without such files.
    static func expand(_ paths: [String], suffixes: [String], recursive: Bool) throws(RhoError) -> [String] {
        var files: [String] = []
        for path in paths {
            guard Files.isDirectory(path) else {
                try ByteStream.check(path)
                files.append(path)
                continue
            }
            let before = files.count
            try collect(path, suffixes, recursive, into: &files)
            if files.count == before {
                throw RhoError(
                    .value, "directory \(path) holds no file that ends in \(suffixes.joined(separator: ", "))")
            }
        }
        return files
    }

    private static func collect(
        _ directory: String, _ suffixes: [String], _ recursive: Bool, into files: inout [String]
    ) throws(RhoError) {
        for name in try Files.list(directory) where !name.hasPrefix(".") {
            let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
            if Files.isDirectory(path) {
                if recursive { try collect(path, suffixes, recursive, into: &files) }
            } else if suffixes.contains(where: { name.hasSuffix($0) }) {
                files.append(path)
            }
        }
    }

    /// A short name for messages: the file's, or that of the first and how many more there are.
    static func name(_ paths: [String]) -> String {
        let first = paths.first.map { Files.name(of: $0) } ?? "none"
        return paths.count > 1 ? "\(first) and \(paths.count - 1) more" : first
    }

    /// Each file with its size and time of change; nil where one cannot be asked.
    static func key(_ paths: [String]) -> [String]? {
        var keys: [String] = []
        for path in paths {
            var status = stat()
            guard stat(path, &status) == 0, let full = realpath(path, nil) else { return nil }
            defer { free(full) }
            let time = status.st_mtim
            keys.append("\(String(cString: full)) \(status.st_size) \(time.tv_sec).\(time.tv_nsec) \(status.st_ino)")
        }
        return keys
    }
}
