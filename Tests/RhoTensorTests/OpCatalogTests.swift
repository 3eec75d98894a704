import RhoCore
import RhoKernels
import RhoTensor
import Testing

@Suite("Op catalogue")
struct OpCatalogTests {
    static let labels = OpCatalog.all.flatMap { type in type.samples.indices.map { "\(type) \($0)" } }

    static func sample(_ label: String) -> OpSample? {
        for type in OpCatalog.all {
            for (index, sample) in type.samples.enumerated() where "\(type) \(index)" == label { return sample }
        }
        return nil
    }

    @Test("every file in Ops/ is listed, and every listed op has samples")
    func catalogueIsComplete() throws {
        let here = #filePath
        let root = here.split(separator: "/").dropLast(3).joined(separator: "/")
        let files = try Files.list("/\(root)/Sources/RhoTensor/Ops").filter { $0.hasSuffix(".swift") }
        let expected = files.map { String($0.split(separator: "/").last ?? "").replacing(".swift", with: "") }
        #expect(OpCatalog.all.map { "\($0)" }.sorted() == expected.sorted())
        for type in OpCatalog.all { #expect(!type.samples.isEmpty, "\(type) has no samples") }
    }

    @Test("ops reach the numbers through the backend only")
    func opsKeepToTheSeam() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let folder = "/\(root)/Sources/RhoTensor/Ops/"
        for file in try Files.list(folder) {
            let text = try Files.readText(file.hasPrefix("/") ? file : folder + file)
            for word in ["import RhoKernels", ".floats", ".reading", "CPUBackend", ".address"] {
                #expect(!text.contains(word), "\(file) contains '\(word)'")
            }
        }
    }

    @Test("the finite-difference check finds a gradient that is one percent off")
    func checkIsSharp() throws {
        let sample = ProbeOp.samples[0]
        let values = try GradCheck.inputs(sample)
        let gradient = try #require(GradCheck.run(sample, values).gradients[0])
        #expect(try GradCheck.error(sample, input: 0, gradient: gradient, values: values) > 5e-3)
    }

    @Test("gradients agree with finite differences", arguments: labels)
    func gradients(_ label: String) throws {
        let sample = try #require(OpCatalogTests.sample(label))
        let values = try GradCheck.inputs(sample)
        let (_, gradients) = try GradCheck.run(sample, values)
        for (index, gradient) in gradients.enumerated() where !sample.constant.contains(index) {
            let error = try GradCheck.error(
                sample, input: index, gradient: try #require(gradient), values: values)
            #expect(error < 2e-3, "\(sample.label): input \(index) is off by \(error)")
        }
    }

    @Test("results and gradients have the same bits on 1 and 3 threads", arguments: labels)
    func threads(_ label: String) throws {
        let sample = try #require(OpCatalogTests.sample(label))
        let values = try GradCheck.inputs(sample)
        let before = Parallel.threadCount
        defer { Parallel.threadCount = before }
        Parallel.threadCount = 1
        let one = try GradCheck.run(sample, values)
        Parallel.threadCount = 3
        let three = try GradCheck.run(sample, values)
        #expect(bits(one.y) == bits(three.y))
        for (a, b) in zip(one.gradients, three.gradients) { #expect(a.map(bits) == b.map(bits)) }
    }

    @Test("gradients add up when a tensor is used twice", arguments: labels)
    func accumulation(_ label: String) throws {
        let sample = try #require(OpCatalogTests.sample(label))
        let values = try GradCheck.inputs(sample)
        let single = try GradCheck.run(sample, values).gradients
        // The same leaves behind an identity, so that gradients meet in nodes as well as in leaves.
        let leaves = try zip(values, sample.shapes).map { try Tensor.from($0, $1) }
        for (index, leaf) in leaves.enumerated() { leaf.requiresGrad = !sample.constant.contains(index) }
        let inner = try leaves.map { try $0.reshape($0.shape.dims) }
        let first = try sample.op.apply(inner)
        let second = try sample.op.apply(inner)
        let seed = try Tensor.from(GradCheck.weights(first.count), first.shape.dims)
        try first.add(second).backward(gradient: seed)
        for (leaf, expected) in zip(leaves, single) {
            guard let expected, let found = leaf.grad?.toArray() else { continue }
            let scale = expected.map(abs).max() ?? 1
            for (a, b) in zip(found, expected) { #expect(abs(a - 2 * b) <= 1e-5 * max(scale, 1)) }
        }
    }

    private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }
}
