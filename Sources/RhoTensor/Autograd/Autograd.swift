import RhoCore

/// Reverse-mode differentiation over the recorded graph.
public enum Autograd {
    @TaskLocal private static var recording = true

    /// Whether ops are being recorded.
    public static var isRecording: Bool { recording }

    /// Runs `body` without recording: results carry no graph and intermediate values go as soon as they are used.
    public static func withoutGrad<Value>(_ body: () throws(RhoError) -> Value) throws(RhoError) -> Value {
        let outcome: Result<Value, RhoError> = $recording.withValue(false) {
            do throws(RhoError) { return .success(try body()) } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    /// As `withoutGrad(_:)`, for a body that may throw any error, such as a script's function.
    public static func withoutGrad<Value>(rethrowing body: () throws -> Value) rethrows -> Value {
        try $recording.withValue(false, operation: body)
    }

    /// Runs `body` with recording, also inside `withoutGrad`.
    public static func withGrad<Value>(rethrowing body: () throws -> Value) rethrows -> Value {
        try $recording.withValue(true, operation: body)
    }

    /// Sends `gradient` from `root` back to every leaf. Nodes run by falling sequence number, which is a valid order
    /// and always the same one; each node's saved tensors go as soon as it has run.
    static func backward(from root: Node, gradient: Gradient) throws(RhoError) {
        guard !root.isSpent else { throw spent(root.name) }
        root.pending = gradient
        var queue = NodeQueue()
        queue.push(root)
        while let node = queue.pop() {
            guard let arrived = node.pending.take() else { continue }
            if let rows = arrived.rows, rows.count == 0 { continue }
            do throws(RhoError) {
                for parent in try node.run(arrived) { queue.push(parent) }
            } catch {
                // What has not run keeps no half-collected gradient for a later pass to trip over.
                while let rest = queue.pop() { rest.pending = nil }
                throw error
            }
        }
    }

    static func spent(_ name: String) -> RhoError {
        RhoError(
            .value, "backward: the graph behind this tensor was used up by an earlier backward (at \(name))",
            hint: "compute the loss again before a second backward")
    }
}

/// Max-heap of nodes by sequence number.
struct NodeQueue {
    private var heap: [Node] = []

    mutating func push(_ node: Node) {
        heap.append(node)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[parent].sequence < heap[child].sequence else { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    mutating func pop() -> Node? {
        guard heap.count > 1 else { return heap.popLast() }
        heap.swapAt(0, heap.count - 1)
        let top = heap.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { break }
            let right = left + 1
            let larger = right < heap.count && heap[right].sequence > heap[left].sequence ? right : left
            guard heap[larger].sequence > heap[parent].sequence else { break }
            heap.swapAt(larger, parent)
            parent = larger
        }
        return top
    }
}
