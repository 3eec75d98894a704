import RhoCore
import RhoData

/// The documents of a file, held in memory so that no disk is measured.
enum BenchCorpus {
    /// JSON rows with a field `text` where the name says so, else text that is cut at blank lines.
    static func source(_ path: String) throws(RhoError) -> any DocumentSource {
        isRows(path)
            ? try JSONLSource([path], template: "{text}") : try TextSource([path], separator: "\n\n")
    }

    static func documents(_ path: String) throws -> [[UInt8]] { try source(path).documents().map(\.text) }

    private static func isRows(_ path: String) -> Bool { Files.name(of: path).contains(".json") }
}
