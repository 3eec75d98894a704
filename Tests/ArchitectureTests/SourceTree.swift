import RhoCore

/// The checkout that these tests were compiled from.
enum SourceTree {
    /// Its top folder, three levels above this file.
    static let root = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))

    /// Paths, relative to the top, of the files below `folder` whose names end in `suffix`, sorted.
    static func files(under folder: String, suffix: String) throws -> [String] {
        var found: [String] = []
        for path in try Files.list(root + "/" + folder) {
            let inside = folder + "/" + Files.name(of: path)
            if Files.isDirectory(root + "/" + inside) {
                found += try files(under: inside, suffix: suffix)
            } else if inside.hasSuffix(suffix) {
                found.append(inside)
            }
        }
        return found
    }

    /// The lines of a file given relative to the top.
    static func lines(of path: String) throws -> [Substring] {
        try Files.readText(root + "/" + path).split(separator: "\n", omittingEmptySubsequences: false)
    }
}
