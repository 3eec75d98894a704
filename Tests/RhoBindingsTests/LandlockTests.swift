import CLandlock
import Glibc
import RhoCore
import RhoTestSupport
import Testing

/// The kernel's wall by itself, on a thread that is given up afterwards: it confines the thread that asks for it.
@Suite struct LandlockTests {
    /// What the confined thread is to try, and how it went.
    private final class Trial {
        let own: String
        let run: String
        let other: String
        var confined = false
        var outcomes: [Bool] = []

        init(_ own: String, _ run: String, _ other: String) { (self.own, self.run, self.other) = (own, run, other) }

        func go() {
            confined = withPointers([own]) { reading in
                withPointers([run]) { writing in
                    rho_landlock_confine(reading, 1, nil, 0, writing, 1)
                }
            }
            outcomes = [
                opens("\(own)/a", O_RDONLY), opens("\(run)/new", O_WRONLY | O_CREAT), opens("/dev/null", O_RDWR),
                opens("\(own)/a", O_WRONLY), opens("\(other)/b", O_RDONLY), opens("\(other)/new", O_WRONLY | O_CREAT),
                opens("/etc/passwd", O_RDONLY), rename("\(run)/new", "\(other)/moved") == 0, unlink("\(own)/a") == 0,
                truncate("\(own)/a", 0) == 0,
            ]
        }

        private func opens(_ path: String, _ flags: Int32) -> Bool {
            let descriptor = open(path, flags, 0o600)
            if descriptor >= 0 { close(descriptor) }
            return descriptor >= 0
        }

        private func withPointers(
            _ paths: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Bool
        ) -> Bool {
            let copies = paths.map { strdup($0) }
            defer { for copy in copies { free(copy) } }
            return copies.map { UnsafePointer($0) }.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }

    @Test(.enabled(if: rho_landlock_version() >= 3)) func theKernelHoldsTheLine() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write("own/a", "a")
        _ = try directory.write("other/b", "b")
        try Files.makeDirectory(directory.file("run"))
        let trial = Trial(directory.file("own"), directory.file("run"), directory.file("other"))
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Trial>.fromOpaque(context).takeUnretainedValue().go()
                return nil
            }, Unmanaged.passUnretained(trial).toOpaque())
        pthread_join(thread, nil)
        #expect(trial.confined)
        #expect(trial.outcomes == [true, true, true] + Array(repeating: false, count: 7))
        #expect(try Files.readText(directory.file("own/a")) == "a")
    }
}
