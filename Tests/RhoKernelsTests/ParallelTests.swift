import RhoKernels
import Synchronization
import Testing

extension KernelTests {
    @Suite struct ParallelTests {
        @Test(arguments: [1, 2, 3, 7]) func everyBlockRunsOnce(threads: Int) {
            let before = Parallel.threadCount
            defer { Parallel.threadCount = before }
            Parallel.threadCount = threads
            for blocks in [0, 1, 2, 3, 100, 1000] {
                let sum = Atomic<Int>(0)
                let calls = Atomic<Int>(0)
                Parallel.run(blocks) { block in
                    sum.add(block, ordering: .relaxed)
                    calls.add(1, ordering: .relaxed)
                }
                #expect(calls.load(ordering: .relaxed) == blocks)
                #expect(sum.load(ordering: .relaxed) == blocks * max(blocks - 1, 0) / 2)
            }
        }

        @Test func manySmallJobsFinish() {
            let before = Parallel.threadCount
            defer { Parallel.threadCount = before }
            Parallel.threadCount = 3
            let calls = Atomic<Int>(0)
            for _ in 0..<20_000 { Parallel.run(4) { _ in calls.add(1, ordering: .relaxed) } }
            #expect(calls.load(ordering: .relaxed) == 80_000)
        }

        @Test func nestedRunsAreSerialAndComplete() {
            let calls = Atomic<Int>(0)
            Parallel.run(8) { _ in Parallel.run(8) { _ in calls.add(1, ordering: .relaxed) } }
            #expect(calls.load(ordering: .relaxed) == 64)
        }

        @Test func threadCountIsAtLeastOne() {
            let before = Parallel.threadCount
            defer { Parallel.threadCount = before }
            Parallel.threadCount = 0
            #expect(Parallel.threadCount == 1)
            Parallel.threadCount = 2
            #expect(Parallel.threadCount == 2)
        }

        @Test func thisProcessorRunsThisBuild() {
            #expect(Processor.missingFeatures().isEmpty)
            #expect(Processor.description.contains("OpenBLAS"))
        }
    }
}
