import Glibc

/// Runs the same work on a few threads; for training, whose parts take seconds.
enum Workers {
    /// Calls `body` with 0..<`count`, each on a thread of its own, and waits for all.
    static func run(_ count: Int, _ body: @Sendable @escaping (Int) -> Void) {
        if count <= 1 { return body(0) }
        final class Job: Sendable {
            let index: Int
            let body: @Sendable (Int) -> Void
            init(_ index: Int, _ body: @Sendable @escaping (Int) -> Void) {
                self.index = index
                self.body = body
            }
        }
        var threads: [pthread_t] = []
        for index in 1..<count {
            let job = Unmanaged.passRetained(Job(index, body))
            var thread = pthread_t()
            let failed = pthread_create(
                &thread, nil,
                { raw in
                    guard let raw else { return nil }
                    let job = Unmanaged<Job>.fromOpaque(raw).takeRetainedValue()
                    job.body(job.index)
                    return nil
                }, job.toOpaque())
            if failed == 0 {
                threads.append(thread)
            } else {
                job.takeRetainedValue().body(index)
            }
        }
        body(0)
        for thread in threads { pthread_join(thread, nil) }
    }
}
