// Checks objects of Kubernetes, as YAML on standard input, against the schema of its API: types, what is required, what
// is allowed, and that every member is one that the schema knows. Prints the objects and what is wrong with them.
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';

const schemas = {
  'v1/ConfigMap': 'IoK8sApiCoreV1ConfigMap',
  'v1/Namespace': 'IoK8sApiCoreV1Namespace',
  'v1/Service': 'IoK8sApiCoreV1Service',
  'v1/ServiceAccount': 'IoK8sApiCoreV1ServiceAccount',
  'apps/v1/Deployment': 'IoK8sApiAppsV1Deployment',
  'autoscaling/v2/HorizontalPodAutoscaler': 'IoK8sApiAutoscalingV2HorizontalPodAutoscaler',
  'batch/v1/Job': 'IoK8sApiBatchV1Job',
  'networking.k8s.io/v1/Ingress': 'IoK8sApiNetworkingV1Ingress',
  'networking.k8s.io/v1/NetworkPolicy': 'IoK8sApiNetworkingV1NetworkPolicy',
  'policy/v1/PodDisruptionBudget': 'IoK8sApiPolicyV1PodDisruptionBudget',
};

// The schemas of Kubernetes let unknown members pass. A validator reads each member that its schema knows: what nobody
// has read in the end is a member that there is not.
function watched(value, path, readers) {
  if (typeof value !== 'object' || value === null) return value;
  const read = new Set();
  const inner = new Map();
  readers.push(() => (Array.isArray(value) ? [] : Object.keys(value).filter((key) => !read.has(key)).map((key) => `${path}/${key}`)));
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === 'symbol' || typeof target[key] !== 'object') {
        read.add(key);
        return target[key];
      }
      read.add(key);
      if (!inner.has(key)) inner.set(key, watched(target[key], `${path}/${key}`, readers));
      return inner.get(key);
    },
  });
}

async function complaints(object) {
  const schema = schemas[`${object?.apiVersion}/${object?.kind}`];
  if (!schema) return [`${object?.apiVersion}/${object?.kind} is no kind that is checked`];
  const { validate } = await import(`kubernetes-models/_schemas/${schema}`);
  const readers = [];
  const wrong = validate(watched(object, '', readers)) ? [] : validate.errors.map((e) => `${e.instancePath}: ${e.keyword} ${JSON.stringify(e.params)}`);
  const unknown = wrong.length > 0 ? [] : readers.flatMap((unread) => unread()).map((path) => `${path}: there is no such member`);
  return [...wrong, ...unknown].map((line) => `${object.kind} ${object.metadata?.name} ${line}`);
}

const objects = [];
const errors = [];
for (const document of parseAllDocuments(await text(process.stdin), { uniqueKeys: true })) {
  errors.push(...document.errors.map((e) => e.message));
  const object = document.toJS();
  if (object === null) continue;
  objects.push(object);
  errors.push(...(await complaints(object)));
}
console.log(JSON.stringify({ objects, errors }));
