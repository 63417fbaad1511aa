export default function Plans() {
  return (
    <Card title="Plans kept">
      <SideBySide plans={props.details.plans} />
    </Card>
  )
}
