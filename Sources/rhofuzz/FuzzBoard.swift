import Glibc
import RhoCore

/// Numbers that a worker shares with its supervisor, readable after the worker's death.
final class FuzzBoard {
    static let variable = "RHOFUZZ_BOARD"

    let path: String
    private let cells: UnsafeMutablePointer<Int>
    private let owned: Bool

    /// A new board.
    convenience init() throws {
        let path = "/dev/shm/rhofuzz-board-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try self.init(path: path, owned: true)
    }

    /// The board of this worker's supervisor.
    static func inherited() throws -> FuzzBoard {
        guard let path = getenv(variable) else { throw RhoError(.usage, "a worker needs a supervisor") }
        return try FuzzBoard(path: String(cString: path), owned: false)
    }

    private init(path: String, owned: Bool) throws {
        let descriptor = try Files.open(path, O_RDWR | (owned ? O_CREAT | O_EXCL : 0), doing: "open")
        defer { close(descriptor) }
        guard ftruncate(descriptor, 4096) == 0,
            let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { throw Files.failure("map", path) }
        self.path = path
        self.owned = owned
        cells = memory.assumingMemoryBound(to: Int.self)
    }

    deinit {
        munmap(cells, 4096)
        if owned { unlink(path) }
    }

    /// Number of the input at work.
    var index: Int {
        get { cells[0] }
        set { cells[0] = newValue }
    }
    /// Inputs that a sentence refused.
    var refused: Int {
        get { cells[1] }
        set { cells[1] = newValue }
    }
    /// Inputs that broke a rule without a crash.
    var findings: Int {
        get { cells[2] }
        set { cells[2] = newValue }
    }
}
