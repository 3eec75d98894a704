import COpenBLAS
import Glibc
import Synchronization

/// Threads that wait for a numbered list of blocks.
///
/// A job is published by one store to `ticket`, which holds the job's generation in its high half and the number of
/// blocks not yet claimed in its low half. A thread claims a block by a compare-exchange that lowers the low half, so a
/// late thread can neither claim a block of a job that has ended nor hold up a job whose blocks are all taken.
final class ThreadPool: @unchecked Sendable {
    static let shared = ThreadPool()

    private let ticket = Atomic<UInt64>(0)
    private let finished = Atomic<Int>(0)
    private let busy = Atomic<Bool>(false)
    private let sleeping = Atomic<Int>(0)
    private let active = Atomic<Int>(1)

    // Written only by the thread that holds `busy`, read only by threads that hold a claimed block of the running job.
    private var body: ((Int) -> Void)?
    private var blockCount = 0
    private var started = 1

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// About 30 µs on a current core: longer than the gap between two kernels of a step, shorter than a scheduler
    /// slice.
    private static let spins = 2_000

    private init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
        // OpenBLAS's own threads would change results with their number; ours cut the work instead.
        openblas_set_num_threads(1)
        active.store(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), ordering: .relaxed)
    }

    var threadCount: Int {
        get { active.load(ordering: .relaxed) }
        set { active.store(max(1, min(newValue, 1024)), ordering: .relaxed) }
    }

    func run(_ blocks: Int, _ body: (Int) -> Void) {
        let threads = active.load(ordering: .relaxed)
        if blocks <= 1 || threads == 1 || busy.exchange(true, ordering: .acquiring) {
            var block = 0
            while block < blocks {
                body(block)
                block &+= 1
            }
            return
        }
        startThreads(upTo: threads)
        withoutActuallyEscaping(body) { escaping in
            self.body = escaping
            blockCount = blocks
            finished.store(0, ordering: .relaxed)
            let generation = (ticket.load(ordering: .relaxed) >> 32) &+ 1
            ticket.store(generation << 32 | UInt64(blocks), ordering: .sequentiallyConsistent)
            if sleeping.load(ordering: .sequentiallyConsistent) > 0 {
                pthread_mutex_lock(mutex)
                pthread_cond_broadcast(wake)
                pthread_mutex_unlock(mutex)
            }
            work()
            var waited = 0
            while finished.load(ordering: .acquiring) < blocks {
                waited &+= 1
                if waited < Self.spins { rho_spin_pause() } else { sched_yield() }
            }
            self.body = nil
        }
        busy.store(false, ordering: .releasing)
    }

    /// Claims and runs blocks until none is left.
    private func work() {
        var seen = ticket.load(ordering: .acquiring)
        while seen & 0xFFFF_FFFF != 0 {
            let claim = ticket.compareExchange(expected: seen, desired: seen &- 1, ordering: .acquiringAndReleasing)
            guard claim.exchanged else {
                seen = claim.original
                continue
            }
            // The job cannot end before this block is counted as finished, so its body and size stand still.
            body?(blockCount &- Int(seen & 0xFFFF_FFFF))
            finished.add(1, ordering: .releasing)
            seen = ticket.load(ordering: .acquiring)
        }
    }

    private func startThreads(upTo threads: Int) {
        while started < threads {
            let worker = Unmanaged.passRetained(Worker(index: started))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    ThreadPool.shared.serve(Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().index)
                    return nil
                }, worker.toOpaque())
            // Without the thread the caller does the work alone.
            guard status == 0 else {
                worker.release()
                active.store(started, ordering: .relaxed)
                return
            }
            pthread_detach(thread)
            started &+= 1
        }
    }

    private final class Worker: Sendable {
        let index: Int
        init(index: Int) { self.index = index }
    }

    private func hasWork(for index: Int) -> Bool {
        ticket.load(ordering: .sequentiallyConsistent) & 0xFFFF_FFFF != 0 && index < active.load(ordering: .relaxed)
    }

    private func serve(_ index: Int) {
        while true {
            var waited = 0
            while waited < Self.spins && !hasWork(for: index) {
                rho_spin_pause()
                waited &+= 1
            }
            if waited == Self.spins {
                pthread_mutex_lock(mutex)
                sleeping.add(1, ordering: .sequentiallyConsistent)
                while !hasWork(for: index) { pthread_cond_wait(wake, mutex) }
                sleeping.subtract(1, ordering: .sequentiallyConsistent)
                pthread_mutex_unlock(mutex)
            }
            work()
        }
    }
}
