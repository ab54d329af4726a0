// ONNX Runtime's side of benchmarks/runtime.py: answers requests on standard input, a line of JSON each (see benchmarks/README.md).
import fs from 'node:fs';
import readline from 'node:readline';
import ort from 'onnxruntime-node';

const versions = { name: 'ONNX Runtime', onnxruntime: ort.env.versions.node ?? ort.env.versions.common, node: process.version };
let session, feeds;

async function answer(request) {
    if (!session) {
        session = await ort.InferenceSession.create(request.model, {
            intraOpNumThreads: request.threads, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
        });
        const bytes = fs.readFileSync(request.input);
        const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
        feeds = { [session.inputNames[0]]: new ort.Tensor('float32', numbers, request.shape) };
        await session.run(feeds);
    }
    const times = [];
    let output;
    for (let k = 0; k < request.repeats; k++) {
        const start = process.hrtime.bigint();
        output = await session.run(feeds);
        times.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    if (request.output) {
        const data = output[session.outputNames[0]].data;
        fs.writeFileSync(request.output, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    }
    const peak = /VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'));
    return { times_ms: times, peak_mib: Number(peak[1]) / 1024 };
}

console.log(JSON.stringify({ hello: versions }));
for await (const line of readline.createInterface({ input: process.stdin })) {
    let reply;
    try {
        reply = await answer(JSON.parse(line));
    } catch (error) {
        console.error(error);
        reply = { error: String(error) };
    }
    console.log(JSON.stringify(reply));
}
