import Glibc
import RhoCore

/// Runs the workers of one format, one after the other.
struct FuzzSupervisor {
    let format: String
    let seed: UInt64
    let keep: String

    /// After so many deaths the rest is left for when they are mended.
    private static let deaths = 20

    /// Returns how many inputs broke something.
    func run(_ range: Range<Int>) throws -> Int {
        let started = Clock.monotonicSeconds()
        var (next, findings, refused) = (range.lowerBound, 0, 0)
        for _ in 0..<Self.deaths where next < range.upperBound {
            let board = try FuzzBoard()
            let status = try spawn(next..<range.upperBound, board)
            findings += board.findings
            refused += board.refused
            if status == 0 || status == 1 {
                next = range.upperBound
                break
            }
            findings += 1
            let path = try save(board.index)
            print("\(format): input \(board.index) of seed \(seed) ended the process with \(describe(status)): \(path)")
            next = board.index + 1
        }
        let seconds = Int((Clock.monotonicSeconds() - started).rounded())
        let left = range.upperBound - next
        print(
            "\(format): \(range.count - left) inputs, \(refused) refused, \(findings) findings, \(seconds) s"
                + (left > 0 ? "; \(left) not tried" : ""))
        return findings
    }

    private func describe(_ status: Int32) -> String {
        guard status & 0x7f != 0 else { return "status \(status >> 8 & 0xff)" }
        let signal = status & 0x7f
        return signal == SIGALRM ? "no end after \(FuzzWorker.patience) s" : String(cString: strsignal(signal))
    }

    private func save(_ index: Int) throws -> String {
        try Files.makeDirectory(keep)
        let path = "\(keep)/\(format)-\(seed)-\(index)"
        let folder = try ScratchDirectory()
        guard let type = FuzzCatalog.all.first(where: { $0.name == format })?.type else { return path }
        var random = FuzzRandom(seed: seed, index: index)
        try Files.writeAtomically(path, try type.init(folder: folder.path).input(&random))
        return path
    }

    private func spawn(_ range: Range<Int>, _ board: FuzzBoard) throws -> Int32 {
        let words = [
            "/proc/self/exe", format, "--worker", "--n", String(range.count), "--first", String(range.lowerBound),
            "--seed", String(seed), "--keep", keep,
        ]
        var copies: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        setenv(FuzzBoard.variable, board.path, 1)
        var child: pid_t = 0
        let failure = posix_spawn(&child, "/proc/self/exe", nil, nil, &copies, environ)
        guard failure == 0 else { throw RhoError(.io, "cannot start a worker: \(String(cString: strerror(failure)))") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }
}

/// A directory in memory where there is one, removed with its owner.
final class ScratchDirectory {
    let path: String

    init() throws {
        var template = Array("\(Files.isDirectory("/dev/shm") ? "/dev/shm" : "/tmp")/rhofuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw RhoError(.io, "cannot make a directory: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? Files.remove(tree: path) }
}
