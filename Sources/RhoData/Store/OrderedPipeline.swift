import Glibc
import RhoCore

/// Transforms pieces on worker threads and hands the results back in the order of submission.
///
/// At most two pieces per worker are under way, so memory stays bounded however fast pieces come. Submitting and
/// receiving happen on the caller's thread; only `transform` runs on the workers.
final class OrderedPipeline<Input: Sendable, Output: Sendable> {
    private let shared: Shared
    private var threads: [pthread_t] = []
    private let capacity: Int
    private var submitted = 0
    private var received = 0

    /// - Parameter workers: 0 runs `transform` on the caller's thread.
    init(workers: Int, transform: @escaping @Sendable (Input) -> Output) {
        shared = Shared(transform)
        capacity = workers * 2
        // Fewer workers than asked for change the speed only; none at all leaves the work to the caller.
        for _ in 0..<workers { if let thread = WorkerLoop.start(shared) { threads.append(thread) } }
    }

    deinit {
        shared.stop()
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Gives `input` to the workers, passing finished results to `receive` while the pipeline is full.
    func submit(_ input: Input, receive: (Output) throws -> Void) throws {
        if threads.isEmpty { return try receive(shared.transform(input)) }
        while submitted - received >= capacity { try receive(next()) }
        shared.add(input, number: submitted)
        submitted += 1
    }

    /// Waits for what is under way.
    func finish(receive: (Output) throws -> Void) throws {
        while received < submitted { try receive(next()) }
    }

    private func next() -> Output {
        defer { received += 1 }
        return shared.take(received)
    }

    /// What threads share; every access holds the mutex.
    private final class Shared: WorkerLoop, @unchecked Sendable {
        let transform: @Sendable (Input) -> Output
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let inputReady = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private let outputReady = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var inputs: [(Input, Int)] = []
        private var outputs: [Int: Output] = [:]
        private var stopped = false

        init(_ transform: @escaping @Sendable (Input) -> Output) {
            self.transform = transform
            super.init()
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(inputReady, nil)
            pthread_cond_init(outputReady, nil)
        }

        deinit {
            pthread_mutex_destroy(mutex)
            pthread_cond_destroy(inputReady)
            pthread_cond_destroy(outputReady)
            mutex.deallocate()
            inputReady.deallocate()
            outputReady.deallocate()
        }

        func add(_ input: Input, number: Int) {
            pthread_mutex_lock(mutex)
            inputs.append((input, number))
            pthread_cond_signal(inputReady)
            pthread_mutex_unlock(mutex)
        }

        func take(_ number: Int) -> Output {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            while true {
                if let output = outputs.removeValue(forKey: number) { return output }
                pthread_cond_wait(outputReady, mutex)
            }
        }

        func stop() {
            pthread_mutex_lock(mutex)
            stopped = true
            inputs.removeAll()
            pthread_cond_broadcast(inputReady)
            pthread_mutex_unlock(mutex)
        }

        override func work() {
            while true {
                pthread_mutex_lock(mutex)
                while inputs.isEmpty, !stopped { pthread_cond_wait(inputReady, mutex) }
                if stopped {
                    pthread_mutex_unlock(mutex)
                    return
                }
                let (input, number) = inputs.removeFirst()
                pthread_mutex_unlock(mutex)
                let output = transform(input)
                pthread_mutex_lock(mutex)
                outputs[number] = output
                pthread_cond_signal(outputReady)
                pthread_mutex_unlock(mutex)
            }
        }
    }
}

/// What a worker thread runs. Not generic, so that a C function can name it.
private class WorkerLoop: @unchecked Sendable {
    func work() {}

    /// Runs `loop.work()` on a new thread; nil where the system gives none.
    static func start(_ loop: WorkerLoop) -> pthread_t? {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(loop)
        let status = pthread_create(
            &thread, nil,
            { raw in
                if let raw { Unmanaged<WorkerLoop>.fromOpaque(raw).takeRetainedValue().work() }
                return nil
            }, box.toOpaque())
        if status == 0 { return thread }
        box.release()
        return nil
    }
}
